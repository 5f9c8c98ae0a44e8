-- What was spent with cloud vendors, as accounts payable sees it.
create macro vendor(n) as ['Amazon Web Services', 'Microsoft Azure', 'Google Cloud', 'Brackenhost', 'Skyloft CDN'][1 + n];

create view "CloudSpend" as
select 'TXN-' || (10000 + i) as transactionid, vendor(v) as vendorname, 'V-' || (100 + v) as vendorid, pick('spend', i, ['Compute', 'Storage', 'Database', 'Networking', 'Support']) as servicecategory,
  cast(80 + cents('spend', i, 2500000) as decimal(18, 2)) as monthly_cost, pick('spend currency', v, ['USD', 'USD', 'EUR']) as currency, day('spent', i) as purchasedate,
  'CC-' || (100 + draw('spend center', i, 12)) as costcenter, pick('usage', i, ['on-demand', 'reserved', 'savings plan', 'spot']) as usagetype,
  seldom('spend region', i, 10, pick('spend region', i, ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-2'])) as region, pick('terms', i, ['Net 30', 'Net 45', 'Due on receipt']) as paymentterms,
  'INV-' || lpad(cast(i // 3 as varchar), 6, '0') as invoicenumber, seldom('order', i, 5, 'PO-' || (7000 + i // 2)) as purchaseordernumber,
  pick('approval', i, ['Approved', 'Approved', 'Approved', 'Pending', 'Rejected']) as approvalstatus, pick('department', i, ['Engineering', 'Data', 'Sales', 'n/a']) as department
from (select i, draw('vendor', i, 5) as v from range(600) r(i));

create view "CloudVendorContracts" as
select 'C-' || (1 + i) as contractid, 'V-' || (100 + i % 5) as vendorid, vendor(i % 5) as cloudprovider, pick('contract', i, ['Enterprise Agreement', 'Private Pricing', 'Reseller']) as contracttype,
  (5 + draw('commit', i, 95)) * 1000 as monthlycommit, day('contract', i) as startdate, seldom('open end', i, 8, day('contract', i) + cast(365 * (1 + i % 3) as integer)) as enddate
from range(60) r(i);
