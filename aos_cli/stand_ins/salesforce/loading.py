"""Records from a folder of CSV files: a file an object, its header the fields, its values their types."""

from __future__ import annotations

from pathlib import Path

from aos_cli.stand_ins.salesforce.objects import SYSTEM, Field, Store

_TYPES = {"BOOLEAN": "boolean", "BIGINT": "int", "DOUBLE": "double", "DATE": "date", "TIMESTAMP": "datetime"}
# Prefixes as Salesforce gives them; other objects get one of their own.
_PREFIXES = {"Account": "001", "Contact": "003", "User": "005", "Opportunity": "006", "Lead": "00Q", "Case": "500", "Task": "00T", "Product2": "01t"}
_OURS = {"Id", *(one.name for one in SYSTEM)}
# A deal of a company, as wide as such a record usually is.
FILLED = """select 'Deal ' || i as "Name", ['Prospecting', 'Negotiation', 'Closed Won', 'Closed Lost'][i % 4 + 1] as "StageName", (i * 7919 % 10000000) / 100.0 as "Amount",
 (i % 101)::double as "Probability", date '2024-01-01' + (i % 900)::int as "CloseDate", i % 4 = 2 as "IsWon", i % 4 >= 2 as "IsClosed", '001' || lpad((i % 50000)::varchar, 12, '0') || 'AAA' as "AccountId",
 '005' || lpad((i % 40)::varchar, 12, '0') || 'AAA' as "OwnerId", ['Web', 'Partner', 'Phone'][i % 3 + 1] as "LeadSource", ['New Business', 'Renewal'][i % 2 + 1] as "Type",
 'USD' as "CurrencyIsoCode", 'Call them back about "' || md5(i::varchar) || '", then decide' as "NextStep", i % 12 as "FiscalQuarter__c", md5((i * 31)::varchar) as "External_Id__c" from range({rows}) r(i)"""


def load(store: Store, folder: Path) -> None:
    """Every CSV file of the folder; an `Id` and a `SystemModstamp` of its own are kept where a file has them."""
    for path in sorted(folder.glob("*.csv")):
        _take(store, path.stem, f"from read_csv('{str(path).replace(chr(39), chr(39) * 2)}', header = true, sample_size = -1)")


def fill(store: Store, name: str, rows: int) -> None:
    """An object of made-up deals, by the million if need be."""
    _declare(store, name, f"from ({FILLED.format(rows=0)})")
    store.fill(name, FILLED.format(rows=rows))


def _take(store: Store, name: str, source: str) -> None:
    names = _declare(store, name, source)
    if not names & _OURS:
        store.fill(name, f"select * {source}")
        return
    rows = store.cursor().execute(f"select * {source}")
    columns = [one[0] for one in rows.description or ()]
    for row in rows.fetchall():
        store.insert(name, dict(zip(columns, row, strict=True)))


def _declare(store: Store, name: str, source: str) -> set[str]:
    """The object with the fields of that source. Returns: the names of all its columns."""
    columns = [(str(row[0]), str(row[1])) for row in store.cursor().execute(f"describe select * {source}").fetchall()]
    fields = [Field(one, "reference" if one.endswith("Id") else "double" if kind.startswith("DECIMAL") else _TYPES.get(kind, "string")) for one, kind in columns]
    store.make(name, [one for one in fields if one.name not in _OURS], prefix=_PREFIXES.get(name, ""))
    return {one for one, _ in columns}
