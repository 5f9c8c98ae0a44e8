-- The home-grown inventory: every resource, with names of services in words of its own.
create view "CloudResources" as
select id as resourceid, lower(type) as type, case service when 'ELB' then 'ElasticLoadBalancing' else 'Amazon ' || service end as cloudservice,
  case when draw('old region', r, 25) = 0 then '' else region end as awsregion, account as accountid, created as createdat
from resources;

create view "UsageMetrics" as
select 500000 + r * 10 + k as metricid, id as resourceid, ['cpu', 'memory', 'requests', 'disk_read', 'disk_write', 'net_in', 'net_out', 'errors', 'latency', 'uptime'][1 + k] as metricname,
  seldom('metric', r * 10 + k, 40, share('metric value', r * 10 + k)) as metricvalue, ['%', '%', 'count', 'MB', 'MB', 'MB', 'MB', 'count', 'ms', '%'][1 + k] as unit,
  moment('measured', r * 10 + k) as timestamp
from resources, range(10) m(k);
