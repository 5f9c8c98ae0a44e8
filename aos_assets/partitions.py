"""The one partition dimension: a tenant, by its slug. A time window is run config, never a second dimension."""

from dagster import DynamicPartitionsDefinition

tenants = DynamicPartitionsDefinition(name="tenant")
