"""Our errors as Dagster's failures: what, which and what to do stand in the run's log, without a traceback of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure, MetadataValue, RetryPolicy

from aos_core.errors import AosError, TryAgain

# For TryAgain: another run holds the tenant's lease, or a server was away. Longer in all than a killed worker's lease lasts.
WAIT_AND_TRY_AGAIN = RetryPolicy(max_retries=8, delay=5)


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
