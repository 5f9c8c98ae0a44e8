"""Addresses that lead inside, or are read differently by two readers. `{p}` is the port of the canary."""

from __future__ import annotations

# Names of a resolver that means harm: one list of addresses for each time it is asked.
NAMES: dict[str, list[list[str]]] = {
    "good.example": [["127.77.0.1"]],
    "inside.example": [["127.0.0.1"]],
    "inside6.example": [["::1"]],
    "any.example": [["0.0.0.0"]],
    "any6.example": [["::"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "mapped-good.example": [["::ffff:127.0.0.1", "127.77.0.1"]],
    "mixed.example": [["127.77.0.1", "127.0.0.1"]],
    "mixed-before.example": [["127.0.0.1", "127.77.0.1"]],
    "mixed6.example": [["127.77.0.1", "::1"]],
    "private.example": [["10.0.0.5"]],
    "cloud.example": [["169.254.169.254"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "metadata": [["169.254.169.254"]],
    "instance-data": [["169.254.169.254"]],
    "instance-data.ec2.internal": [["169.254.169.254"]],
    "localtest.me": [["127.0.0.1"]],
    "127.0.0.1.nip.io": [["127.0.0.1"]],
    "localhost.localdomain": [["127.0.0.1"]],
    "ip6-localhost": [["::1"]],
    "ip6-loopback": [["::1"]],
    "kubernetes.default.svc": [["10.96.0.1"]],
    "host.docker.internal": [["192.168.65.2"]],
    "router.example": [["192.168.1.1"]],
    "carrier.example": [["100.64.0.1"]],
    "under_score.example": [["127.0.0.1"]],
    "xn--lcalhost-n4a.example": [["127.0.0.1"]],
}

LOOPBACK = [
    "http://127.0.0.1:{p}/", "http://127.0.0.1:{p}", "https://127.0.0.1:{p}/", "HTTP://127.0.0.1:{p}/", "http://127.1:{p}/", "http://127.0.1:{p}/",
    "http://127.8.8.8:{p}/", "http://127.255.255.254:{p}/", "http://2130706433:{p}/", "http://017700000001:{p}/", "http://0x7f000001:{p}/",
    "http://0x7F.0.0.1:{p}/", "http://0x7f.1:{p}/", "http://0177.0.0.1:{p}/", "http://0177.0.0.01:{p}/", "http://00000177.0.0.1:{p}/",
    "http://127.0x0.0.1:{p}/", "http://127.0.0.0x1:{p}/", "http://0:{p}/", "http://0.0.0.0:{p}/", "http://0.0:{p}/", "http://0x0:{p}/", "http://00:{p}/",
    "http://127.0.0.1.:{p}/", "http://4294967295:{p}/", "http://6425673729:{p}/", "http://127.0.0.256:{p}/", "http://1.2.3.4.5:{p}/",
    "http://[::1]:{p}/", "https://[::1]:{p}/", "http://[0:0:0:0:0:0:0:1]:{p}/", "http://[0000:0000:0000:0000:0000:0000:0000:0001]:{p}/", "http://[::]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/", "http://[::ffff:7f00:1]:{p}/", "http://[0:0:0:0:0:ffff:127.0.0.1]:{p}/", "http://[::127.0.0.1]:{p}/",
    "http://[::7f00:1]:{p}/", "http://[::ffff:0:127.0.0.1]:{p}/", "http://[::ffff:0.0.0.0]:{p}/", "http://[64:ff9b::127.0.0.1]:{p}/", "http://[64:ff9b::7f00:1]:{p}/",
    "http://[64:ff9b:1::127.0.0.1]:{p}/", "http://[2002:7f00:1::]:{p}/", "http://[2002:7f00:0001::1]:{p}/", "http://[2001:0:7f00:1::]:{p}/",
    "http://[::1%25lo]:{p}/", "http://[::1%lo]:{p}/", "http://[fe80::1%25eth0]:{p}/", "http://[fe80::1]:{p}/", "http://[::1:{p}/", "http://::1:{p}/", "http://[127.0.0.1]:{p}/",
]  # fmt: skip
NAMED = [
    "http://localhost:{p}/", "http://LOCALHOST:{p}/", "http://LocalHost.:{p}/", "http://localhost.:{p}/", "http://localhost..:{p}/",
    *(f"http://{name}:{{p}}/" for name in NAMES if name not in ("good.example",)),
    "http://inside.example.:{p}/", "http://INSIDE.EXAMPLE:{p}/", "https://inside.example:{p}/", "https://mixed.example:{p}/", "http://nowhere.example:{p}/",
]  # fmt: skip
PRIVATE = [
    "http://10.0.0.1:{p}/", "http://172.16.0.1:{p}/", "http://172.31.255.255:{p}/", "http://192.168.0.1:{p}/", "http://169.254.169.254:{p}/latest/meta-data/",
    "http://169.254.170.2:{p}/v2/credentials", "http://2852039166:{p}/", "http://0xa9fea9fe:{p}/", "http://[::ffff:169.254.169.254]:{p}/", "http://[::ffff:a9fe:a9fe]:{p}/",
    "http://[fd00:ec2::254]:{p}/", "http://100.100.100.200:{p}/", "http://192.0.0.192:{p}/", "http://168.63.129.16:{p}/", "http://198.18.0.1:{p}/", "http://192.0.2.1:{p}/",
    "http://224.0.0.1:{p}/", "http://239.255.255.250:{p}/", "http://240.0.0.1:{p}/", "http://255.255.255.255:{p}/", "http://[ff02::1]:{p}/", "http://[fc00::1]:{p}/",
    "http://[fec0::1]:{p}/", "http://[2001:db8::1]:{p}/", "http://[100::1]:{p}/", "http://[2002:a00:1::]:{p}/", "http://[64:ff9b::a00:1]:{p}/", "http://[64:ff9b::a9fe:a9fe]:{p}/",
]  # fmt: skip
READ_TWICE = [
    "http://good.example@127.0.0.1:{p}/", "http://127.0.0.1:{p}@good.example/", "http://user:password@127.0.0.1:{p}/", "http://@127.0.0.1:{p}/", "http://good.example:80@127.0.0.1:{p}/",
    "http://good.example%40127.0.0.1:{p}/", "http://good.example#@127.0.0.1:{p}/", "http://127.0.0.1:{p}#@good.example/", "http://good.example\\@127.0.0.1:{p}/", "http://127.0.0.1:{p}\\@good.example/",
    "http://127.0.0.1:{p}?@good.example/", "http://good.example&@127.0.0.1:{p}/", "http:///127.0.0.1:{p}/", "http:127.0.0.1:{p}/", "http:/127.0.0.1:{p}/", "//127.0.0.1:{p}/", "127.0.0.1:{p}", "",
    "http://", "http:///", "http://:{p}/", "http://%31%32%37.0.0.1:{p}/", "http://127.0.0.1%2f@good.example:{p}/", "http://127.0.0.1%00.good.example:{p}/", "http://127.0.0.1%0d%0a:{p}/",
    "http://１２７.0.0.1:{p}/", "http://127。0。0。1:{p}/", "http://①②⑦.0.0.1:{p}/", "http://ⓛocalhost:{p}/", "http://ｌｏｃａｌｈｏｓｔ:{p}/", "http://localhoſt:{p}/", "http://127\u200b.0.0.1:{p}/",
    "http://127.0.0.1\t:{p}/", "http://127.0.0.1 :{p}/", " http://127.0.0.1:{p}/", "http://127.0.0.1:{p}/\r\nX-Injected: 1", "http://127.0.0.1:{p}/\nGET / HTTP/1.1", "http://127.0.0.1:{p}\r\n/",
    "http://good.example:{p}\r\nHost: x/", "http://127.0.0.1\x00.good.example:{p}/", "http://good.example,127.0.0.1:{p}/", "http://good.example 127.0.0.1:{p}/", "http://127.0.0.1:{p}:80/", "http://127.0.0.1:0{p}/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:0/", "http://127.0.0.1:８０/", "http://<127.0.0.1>:{p}/", "http://{{127.0.0.1}}:{p}/",
    "http://" + "a" * 300 + ":{p}/", "http://127.0.0.1:{p}/" + "a" * 5000,
]  # fmt: skip
SCHEMES = [
    "gopher://127.0.0.1:{p}/_GET%20/", "file:///etc/passwd", "file://127.0.0.1:{p}/etc/passwd", "ftp://127.0.0.1:{p}/", "data:text/plain,x", "dict://127.0.0.1:{p}/info", "ldap://127.0.0.1:{p}/",
    "jar:http://127.0.0.1:{p}!/", "ws://127.0.0.1:{p}/", "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "javascript:1", "tftp://127.0.0.1:{p}/", "redis://127.0.0.1:{p}/", "https+http://127.0.0.1:{p}/",
]  # fmt: skip
HOSTILE = [*LOOPBACK, *NAMED, *PRIVATE, *READ_TWICE, *SCHEMES]
