-- The data team's copy of the cloud: resources as the vendor's interface tells of them, their costs by month, what they did.
-- A column that says nothing of a kind of resource is empty for it.
create macro person(n) as (select email from people where p = n);

create view "AWS_COSTS" as
with months as (select r * 10 + k as i, resources.*, date '2025-01-01' + to_months(cast(k as integer)) as first from resources, range(10) m(k)),
costs as (select *, cast(monthly * (80 + draw('swing', i, 41)) / 100 as decimal(18, 4)) as cost, pick('pricing', r, ['OnDemand', 'Reserved', 'SavingsPlan', 'Spot']) as term from months)
select 'COST-' || lpad(cast(i as varchar), 6, '0') as cost_id, id as resource_id, cast(first as date) as date, strftime(first, '%Y-%m') as billing_period, account as aws_account,
  service_words(service) as service_category, case service when 'EC2' then 'BoxUsage:' || instance when 'RDS' then 'InstanceUsage:' || class when 'S3' then 'TimedStorage-ByteHrs' else 'LoadBalancerUsage' end as usage_type,
  case service when 'EC2' then 'RunInstances' when 'RDS' then 'CreateDBInstance' when 'S3' then 'PutObject' else 'LoadBalancing' end as operation, term as pricing_term,
  case when term = 'OnDemand' then cost else 0 end as on_demand_cost, case when term = 'Reserved' then cost else 0 end as reserved_cost,
  case when term = 'SavingsPlan' then cost else 0 end as savings_plan_cost, case when term = 'Spot' then cost else 0 end as spot_cost, cost as monthly_cost,
  cents('transfer', i, 4000) as data_transfer_cost, cents('support', i, 1500) as support_cost, cast(cost / 10 as decimal(18, 4)) as tax_amount, 1 + draw('hours', i, 744) as usage_quantity,
  cast((1 + draw('hourly', r, 9000)) / 10000 as decimal(18, 4)) as unit_price, 'USD' as currency, cast(cost * 95 / 100 as decimal(18, 4)) as amortized_cost, cost as blended_cost, cost as unblended_cost,
  region, case when service = 'S3' then null else zone end as availability_zone, term as purchase_option
from costs;

create view "AWS_RESOURCES" as
select id as resource_id, type as resource_type, service, region as aws_region, account as account_num, seldom('no environment', r, 20, environment) as environment, cost_center,
  instance as instance_type, case when instance is not null then pick('vcpus', r, [2, 2, 4, 8]) end as vcpus, case when instance is not null then pick('vcpus', r, [4, 8, 16, 16]) end as memory_gb,
  case when service in ('EC2', 'RDS') then pick('disk', r, ['gp3', 'gp2', 'io2']) end as storage_type, case when service = 'EC2' then 50 + draw('disk', r, 950) end as storage_size_gb,
  case when instance is not null then 'Up to 10 Gigabit' end as network_performance, case when service = 'EC2' then draw('optimized', r, 2) = 1 end as ebs_optimized,
  case when service = 'EC2' then 'default' end as tenancy, case when draw('group', r, 12) = 0 then 'cluster-' || project end as placement_group, case when service = 'EC2' then 'ami-' || hex('image', r, 17) end as ami_id,
  created as launch_time, case service when 'EC2' then pick('state', r, ['running', 'running', 'running', 'stopped']) when 'RDS' then 'available' else 'active' end as instance_state,
  case when service = 'S3' then null else zone end as availability_zone, case when service = 'S3' then null else 'subnet-' || hex('subnet', r % 6, 8) end as subnet_id,
  case when service = 'S3' then null else 'vpc-' || hex('vpc', r % 3, 8) end as vpc_id, case when service = 'S3' then null else 'sg-' || hex('guard', r % 9, 8) end as security_groups,
  case when service = 'EC2' and draw('public', r, 4) = 0 then '203.0.113.' || draw('address', r, 254) end as public_ip, case when service = 'EC2' then '10.0.' || (r % 16) || '.' || (r // 16 + 4) end as private_ip,
  case when service = 'EC2' then project || '-role' end as iam_role, draw('watched', r, 3) > 0 as monitoring_enabled, '{"project": "' || project || '", "environment": "' || environment || '"}' as tags,
  person(owner) as owner, project, pick('compliance', r, ['standard', 'restricted', 'N/A']) as compliance_level, draw('kept', r, 4) > 0 as backup_enabled, case when service = 'EC2' then environment || '-weekly' end as patch_group,
  case when service = 'EC2' and draw('scaled', r, 2) = 0 then project || '-asg' end as auto_scaling_group, case when service = 'RDS' then pick('engine', r, ['postgres', 'mysql']) end as db_engine,
  case when service = 'RDS' then pick('engine', r, ['16.4', '8.0.39']) end as engine_version, class as instance_class, case when service = 'RDS' then 20 + draw('allocated', r, 980) end as allocated_storage_gb,
  case when service in ('EC2', 'RDS') then 3000 + 100 * draw('operations', r, 30) end as iops, case when service = 'RDS' then draw('multi', r, 2) = 1 end as multi_az, case when service = 'RDS' then 7 * (1 + draw('retention', r, 5)) end as backup_retention_days,
  case when service = 'RDS' then '03:00-04:00' end as preferred_backup_window, case when service = 'RDS' then draw('replicas', r, 3) end as read_replicas, case when service in ('RDS', 'S3') then draw('sealed', r, 5) > 0 end as encryption_enabled,
  case when service = 'RDS' then draw('insights', r, 2) = 1 end as performance_insights, case when service = 'RDS' then true end as auto_minor_version_upgrade, case when service = 'RDS' then 'subnets-' || environment end as db_subnet_group,
  case when service = 'RDS' then 'default.' || pick('engine', r, ['postgres16', 'mysql8.0']) end as parameter_group, case when service = 'RDS' then 'default' end as option_group, case when service = 'RDS' then false end as publicly_accessible,
  case when service = 'RDS' then 'sg-' || hex('guard', r % 9, 8) end as vpc_security_groups, case when service in ('RDS', 'ELB') then environment = 'production' end as deletion_protection,
  case when service = 'S3' then pick('class', r, ['STANDARD', 'STANDARD_IA', 'GLACIER']) end as storage_class, case when service = 'S3' then draw('objects', r, 2000000) end as object_count, case when service = 'S3' then cents('bytes', r, 900000) end as size_gb,
  case when service = 'S3' then draw('versions', r, 2) = 1 end as versioning_enabled, case when service = 'S3' then pick('life', r, ['expire-90d', 'to-glacier', 'none']) end as lifecycle_policy, case when service = 'S3' then 'SSE-S3' end as encryption_type,
  case when service = 'S3' then 'ENABLED' end as replication_status, case when service in ('S3', 'ELB') then draw('logged', r, 2) = 1 end as access_logging, case when service = 'S3' then draw('tiered', r, 2) = 1 end as intelligent_tiering,
  case when service = 'S3' then true end as public_access_blocked, case when service = 'ELB' then pick('scheme', r, ['internet-facing', 'internal']) end as scheme, case when service = 'ELB' then 'ipv4' end as ip_address_type,
  case when service = 'ELB' then region || 'a,' || region || 'b' end as availability_zones, case when service = 'ELB' then true end as http2_enabled
from resources where r % 10 > 0;

create view "RESOURCE_METRICS" as
select 1 + i as metric_id, id as resource_id, moment('observed', i) as timestamp, case when service in ('EC2', 'RDS') then share('cpu', i) end as cpu_utilization, case when service in ('EC2', 'RDS') then share('ram', i) end as memory_utilization,
  case when service = 'EC2' then draw('reads', i, 90000) end as disk_read_ops, case when service = 'EC2' then draw('writes', i, 70000) end as disk_write_ops, cents('in', i, 800000) as network_in_mb, cents('out', i, 900000) as network_out_mb,
  draw('packets in', i, 5000000) as network_packets_in, draw('packets out', i, 5000000) as network_packets_out, draw('failed', i, 50) // 49 as status_check_failed, case when service = 'RDS' then draw('db', i, 200) end as db_connections,
  case when service = 'RDS' then cast(share('read ms', i) / 10 as decimal(9, 2)) end as read_latency_ms, case when service = 'RDS' then cast(share('write ms', i) / 8 as decimal(9, 2)) end as write_latency_ms, case when service = 'RDS' then share('read mb', i) end as read_throughput_mb,
  case when service = 'RDS' then share('write mb', i) end as write_throughput_mb, case when service = 'RDS' then draw('queue', i, 12) end as disk_queue_depth, case when service = 'RDS' then cents('free', i, 90000) end as free_storage_gb,
  case when service = 'S3' then draw('stored', i, 4000000000) * 16 end as bucket_size_bytes, case when service = 'S3' then draw('many', i, 2000000) end as number_of_objects, case when service = 'S3' then draw('get', i, 500000) end as get_requests,
  case when service = 'S3' then draw('put', i, 90000) end as put_requests, case when service = 'S3' then draw('del', i, 9000) end as delete_requests, case when service = 'S3' then draw('list', i, 20000) end as list_requests,
  case when service = 'S3' then draw('down', i, 4000000000) end as bytes_downloaded, case when service = 'S3' then draw('up', i, 4000000000) end as bytes_uploaded, case when service = 'ELB' then draw('active', i, 4000) end as active_connections,
  case when service = 'ELB' then draw('new', i, 4000) end as new_connections, case when service = 'ELB' then draw('asked', i, 900000) end as request_count, case when service = 'ELB' then share('answered', i) end as target_response_time_ms,
  case when service = 'ELB' then draw('2xx', i, 800000) end as http_2xx_count, case when service = 'ELB' then draw('4xx', i, 9000) end as http_4xx_count, case when service = 'ELB' then draw('5xx', i, 900) end as http_5xx_count,
  case when service = 'ELB' then draw('processed', i, 4000000000) end as processed_bytes
from (select r * 10 + k as i, resources.* from resources, range(10) m(k));
