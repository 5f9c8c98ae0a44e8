-- The invented world that all nine systems tell of: companies, people, deals and cloud resources, each numbered from 0.
-- Every value is drawn from md5 of a word and a number, so that it is the same on any machine.
create macro draw(salt, n, most) as cast('0x' || substr(md5(salt || ':' || n), 1, 8) as bigint) % most;
create macro pick(salt, n, words) as words[1 + draw(salt, n, len(words))];
create macro seldom(salt, n, one_in, otherwise) as case when draw(salt, n, one_in) > 0 then otherwise end;
create macro day(salt, n) as date '2024-01-01' + cast(draw(salt, n, 820) as integer);
create macro moment(salt, n) as timestamp '2024-01-01' + to_seconds(draw(salt, n, 70848000));
create macro cents(salt, n, most) as cast(draw(salt, n, most) / 100 as decimal(18, 2));
create macro share(salt, n) as cast(draw(salt, n, 10001) / 100 as decimal(9, 2));
create macro hex(salt, n, digits) as substr(md5(salt || ':' || n), 1, digits);

-- Words that nobody trades under.
create table companies as
with named as (
  select i as n, ['Averdine', 'Brindlow', 'Corvantia', 'Dellwynne', 'Estroque', 'Fennimar', 'Galtrix', 'Hollowen', 'Ivarothe', 'Jentrelle',
    'Korvaneth', 'Lumbriq', 'Mireldane', 'Noxleigh', 'Ostravale', 'Pellworthy', 'Quenzil', 'Rovandel', 'Silvorne', 'Tamberlyn'][1 + i % 20]
    || ' ' || ['Freight', 'Foods', 'Optics', 'Textiles', 'Energy', 'Robotics'][1 + i // 20] as name
  from range(120) r(i)
)
select n, name, lower(replace(name, ' ', '')) as slug, pick('form', n, ['Inc.', 'Ltd', 'GmbH', 'B.V.', 'Corp.']) as form,
  pick('industry', n, ['Logistics', 'Food & Beverage', 'Optics', 'Textiles', 'Energy', 'Robotics', 'Retail']) as industry,
  (1 + draw('revenue', n, 900)) * 1000000 + draw('revenue rest', n, 1000000) as revenue, moment('company', n) as created
from named;

-- The first 24 sell, for the company 0; all others work where deals are made.
create table people as
with named as (
  select i as p, ['Adela', 'Bram', 'Cosima', 'Davor', 'Elin', 'Fausto', 'Greta', 'Hiro', 'Imani', 'Jonas', 'Kaia', 'Leif', 'Maren', 'Nadir',
    'Oona', 'Pavel', 'Quilla', 'Rhea', 'Soren', 'Talia'][1 + i % 20] as first,
    ['Ashgrove', 'Birkenfall', 'Calloway-Finch', 'Drummerly', 'Eastermoor', 'Fjellbakk', 'Glimmerdal', 'Hartsnipe', 'Ironbrook', 'Jessamoor',
    'Kettlewick', 'Larkenshaw', 'Mossgatter', 'Nettlebrand', 'Oxenreed'][1 + (i // 20 + i) % 15] as last,
    case when i < 24 then 0 else 1 + (i - 24) % 119 end as company
  from range(300) r(i)
)
select p, first, last, company, lower(first || '.' || last) || '@' || slug || '.example' as email,
  pick('title', p, ['Head of Procurement', 'CFO', 'CTO', 'Operations Manager', 'IT Director', 'Buyer', 'VP Engineering']) as title,
  '+1 555 01' || lpad(cast(draw('phone', p, 100) as varchar), 2, '0') as phone, moment('person', p) as created
from named join companies on n = company;

-- `stage`: 0 to 4 open, 5 won, 6 lost.
create table sales as
with begun as (
  select i as d, 1 + draw('deal company', i, 119) as company, draw('deal owner', i, 24) as owner, draw('product', i, 5) as product,
    [0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 6, 6][1 + draw('stage', i, 12)] as stage, day('opened', i) as opened
  from range(700) r(i)
)
select d, company, name || ' - ' || ['Rollout', 'Renewal', 'Expansion', 'Pilot', 'Support'][1 + product] || ' ' || (100 + d) as name,
  cast(seldom('amount', d, 25, 1500 + cents('amount', d, 24000000)) as decimal(18, 2)) as amount, stage, opened,
  opened + cast(20 + draw('took', d, 180) as integer) as closes, owner, ['New Business', 'Renewal', 'Expansion', 'Pilot', 'Support'][1 + product] as type,
  [10, 20, 40, 60, 80, 100, 0][1 + stage] as probability
from begun join companies on n = company;

create table resources as
with typed as (
  select i as r, ['EC2', 'RDS', 'S3', 'ELB'][1 + i % 4] as service,
    pick('region', i, ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-2']) as region,
    pick('cloud account', i, ['100000000011', '100000000022', '100000000033']) as account
  from range(200) r(i)
)
select r, service, region, region || pick('zone', r, ['a', 'b', 'c']) as zone, account,
  case service when 'EC2' then 'i-0' || hex('instance', r, 16) when 'RDS' then 'db-' || upper(hex('database', r, 20))
    when 'S3' then 'bucket-' || hex('bucket', r, 10) else 'lb-' || hex('balancer', r, 16) end as id,
  case service when 'EC2' then 'Instance' when 'RDS' then 'Database' when 'S3' then 'Bucket' else 'Load Balancer' end as type,
  case service when 'EC2' then pick('size', r, ['t3.medium', 'm5.large', 'm5.xlarge', 'c6i.2xlarge']) end as instance,
  case service when 'RDS' then pick('size', r, ['db.t3.medium', 'db.r5.large', 'db.m6g.xlarge']) end as class,
  pick('environment', r, ['production', 'staging', 'development']) as environment, pick('project', r, ['atlas', 'birch', 'comet', 'dune']) as project,
  'CC-' || (100 + draw('cost center', r, 12)) as cost_center, draw('owner', r, 24) as owner, moment('resource', r) as created, 40 + cents('cost', r, 90000) as monthly
from typed;

create macro salesforce_account(n) as '001' || lpad(cast(n as varchar), 12, '0') || 'AAA';
create macro service_words(service) as case service when 'EC2' then 'Compute' when 'RDS' then 'Database' when 'S3' then 'Storage' else 'Networking' end;
