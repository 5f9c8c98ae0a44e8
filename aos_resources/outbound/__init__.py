"""What leaves this installation for an address that somebody typed in: checked, pinned, bounded."""

from aos_resources.outbound.addresses import Pinned as Pinned
from aos_resources.outbound.addresses import pin as pin
from aos_resources.outbound.answers import Answer as Answer
from aos_resources.outbound.answers import Refused as Refused
from aos_resources.outbound.answers import Unwelcome as Unwelcome
from aos_resources.outbound.authorities import authority as authority
from aos_resources.outbound.budget import Budget as Budget
from aos_resources.outbound.http import Http as Http
