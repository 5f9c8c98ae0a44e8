"""Our errors as Dagster's failures: what, which and what to do stand in the run's log, without a traceback of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure, MetadataValue, RetryPolicy

from aos_core.errors import AosError, TryAgain

# For TryAgain alone: another run holds the tenant's lease, or a server was away for a moment.
WAIT_AND_TRY_AGAIN = RetryPolicy(max_retries=3, delay=5)


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except AosError as error:
        raise Failure(
            description=error.sentence,
            metadata={"code": MetadataValue.text(error.code), "culprit": MetadataValue.text(error.culprit), "fix": MetadataValue.text(error.fix)},
            allow_retries=isinstance(error, TryAgain),
        ) from error
