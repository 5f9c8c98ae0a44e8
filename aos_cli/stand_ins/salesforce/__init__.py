"""A stand-in for Salesforce: its published REST on a real port, over made-up records. Never a way to the real one."""

from aos_cli.stand_ins.salesforce.faults import Fault as Fault
from aos_cli.stand_ins.salesforce.objects import Field as Field
from aos_cli.stand_ins.salesforce.objects import Store as Store
from aos_cli.stand_ins.salesforce.server import StandIn as StandIn
