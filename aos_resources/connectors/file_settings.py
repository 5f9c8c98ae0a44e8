"""What a files connection is told: where its files are, which belong together, and how they are written where that cannot be seen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from aos_resources.connectors.written import Written

Text = Annotated[str, StringConstraints(max_length=1_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Encoding = Literal[
    "automatic", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "iso-8859-1", "iso-8859-15", "windows-1250", "iso-8859-2",
    "windows-1251", "windows-1253", "windows-1254", "windows-1257", "ibm850", "mac-roman", "shift-jis", "gb18030", "big5", "euc-kr",
]  # fmt: skip
_DELIMITERS = {"automatic": None, "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_QUOTES = {"automatic": None, "double": '"', "single": "'"}
_ESCAPES: dict[str, Any] = {"automatic": None, "doubled": "doubled", "backslash": "backslash"}
_PYTHONS = {
    "windows-1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1253": "cp1253", "windows-1254": "cp1254",
    "windows-1257": "cp1257", "ibm850": "cp850", "mac-roman": "mac_roman", "shift-jis": "cp932", "iso-8859-1": "latin-1",
}  # fmt: skip


class CsvDialect(BaseModel):
    """Everything that is not said is found in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="How CSV files are written")

    delimiter: Literal["automatic", "comma", "semicolon", "tab", "bar"] = Field("automatic", title="Between values", description="What stands between two values of a line.")
    quote: Literal["automatic", "double", "single"] = Field("automatic", title="Quotes", description="What stands around a value that holds a delimiter or a line end.")
    escape: Literal["automatic", "doubled", "backslash"] = Field("automatic", title="A quote within quotes", description="Is written twice, or after a backslash.")
    skip: int | None = Field(None, ge=0, le=1_000, title="Lines before the header", description="How many lines of explanation come first.")
    comment: Annotated[str, StringConstraints(min_length=1, max_length=8)] | None = Field(None, title="Sign of a remark", description="Lines before the header that begin with it are passed over.")
    header: bool = Field(True, title="Names in the first line", description="Switch it off where the first line already holds values; columns are numbered then.")
    guarded: bool = Field(False, title="Exported from here", description="The file was exported from AutonomOS: the quote before =, +, - and @ is taken away again.")


class FilesConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Text | None = Field(None, title="Folder", description="A folder under one of those that the administrator allows.")
    uploads: bool = Field(False, title="Uploaded files", description="Files that you send here yourselves.")
    bucket: Annotated[str, StringConstraints(min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.\-]*$")] | None = Field(None, title="Bucket", description="A bucket of an object store that speaks S3.")
    prefix: Text = Field("", title="Prefix", description="Only objects of the bucket whose names begin so.")
    endpoint: Text | None = Field(None, title="Address of the object store", description="Empty for Amazon's own.")
    region: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9\-]+$")] = Field("us-east-1", title="Region", description="Where the bucket is, as its provider calls it.")
    patterns: dict[Text, Text] = Field(
        default={}, max_length=1_000, title="Patterns", description="Names of streams and the file names that belong to each (orders: orders-*.csv); else each file is one."
    )
    encoding: Encoding = Field("automatic", title="Encoding", description="How letters are written in the files. Automatic reads UTF-8, UTF-16, and Windows-1252 where no other can be meant.")
    dialect: CsvDialect = Field(default=CsvDialect(), title="CSV", description="How CSV files are written.")
    append: bool = Field(False, title="Keep rows that disappear", description="Rows that a newer copy of a file lacks stay, as do those of a file that is gone. Else they count as deleted.")
    append_streams: list[Word] = Field(default=[], max_length=1_000, title="Streams that keep such rows", description="The same for these streams alone.")

    @model_validator(mode="after")
    def _one_place(self) -> FilesConfig:
        places = [name for name, said in (("folder", self.folder is not None), ("uploads", self.uploads), ("bucket", self.bucket is not None)) if said]
        if len(places) != 1:
            raise PydanticCustomError("value_error" if places else "missing", "Say exactly one of folder, uploads and bucket")
        if self.bucket is None and (self.prefix or self.endpoint):
            raise ValueError("Only a bucket has a prefix and an address")
        return self

    @property
    def written(self) -> Written:
        said = self.dialect
        return Written(
            delimiter=_DELIMITERS[said.delimiter], quote=_QUOTES[said.quote], escape=_ESCAPES[said.escape], skip=said.skip, comment=said.comment,
            header=said.header, guarded=said.guarded, encoding=None if self.encoding == "automatic" else _PYTHONS.get(self.encoding, self.encoding),
        )  # fmt: skip

    def appends(self, stream: str) -> bool:
        return self.append or stream in self.append_streams


class FilesSecret(BaseModel):
    """Of a bucket alone; a folder has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_key: Annotated[str, StringConstraints(max_length=200)] = Field("", title="Access key", description="Of the object store; a key that may only read is enough.")
    secret_key: SecretStr = Field(SecretStr(""), max_length=1_000, title="Secret key", description="What belongs to the access key.")

