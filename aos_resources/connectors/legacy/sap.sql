-- Invoices of cloud vendors and their lines; text is upper case, as the forms demand.
create view "CLOUD_INVOICES" as
select 4900000000 + i as invoice_num, '00000' || (10010 + draw('creditor', i, 4)) as vendor_code, day('invoice', i) as invoice_date, 500 + cents('invoice', i, 9000000) as monthly_cost,
  pick('invoice currency', i, ['EUR', 'EUR', 'USD']) as currency, pick('invoiced', i, ['COMPUTE', 'STORAGE', 'DATABASE', 'NETWORKING']) as servicecategory,
  pick('invoiced usage', i, ['ON-DEMAND', 'RESERVED']) as usagetype, pick('payment', i, ['ZB30', 'ZB45', '0001']) as payment_term, pick('invoice status', i, ['PAID', 'PAID', 'OPEN', 'BLOCKED']) as status,
  day('invoice', i) + 30 as due_date, case when pick('invoice status', i, ['PAID', 'PAID', 'OPEN', 'BLOCKED']) = 'PAID' then day('invoice', i) + cast(5 + draw('paid', i, 40) as integer) end as paid_date,
  pick('house', i, ['1000', '2000']) as company_code, 'CC-' || (100 + draw('sap center', i, 12)) as cost_center, '00' || (476100 + draw('ledger', i, 5)) as gl_account,
  year(day('invoice', i)) as fiscal_year, lpad(cast(month(day('invoice', i)) as varchar), 3, '0') as fiscal_period
from range(240) t(i);

create view "BILLING_ITEMS" as
select 1 + i as item_id, 4900000000 + i // 6 as invoice_num, service as aws_service, upper(type) as resource_type, 1 + draw('quantity', i, 744) as usage_amount,
  cast((1 + draw('price', i, 9000)) / 10000 as decimal(18, 4)) as unit_price,
  cast((1 + draw('quantity', i, 744)) * (1 + draw('price', i, 9000)) / 10000 as decimal(18, 4)) as line_total, account as aws_account
from (select i, draw('item', i, 200) as r from range(1440) t(i)) join resources using (r);
