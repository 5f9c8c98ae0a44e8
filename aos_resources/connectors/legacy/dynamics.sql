-- The bare names of companies, some in capitals with a legal form of their own writing.
create macro account_guid(n) as cast(cast(md5('dynamics account:' || n) as uuid) as varchar);

create view accounts as
select account_guid(n) as accountid, case when draw('capitals', n, 5) = 0 then upper(name) || ', ' || replace(form, '.', '') else name end as accountname,
  industry, revenue + draw('other books', n, 3) * 1000 as annualrevenue, created + to_hours(draw('typed in', n, 400)) as createdon
from companies where n >= 5;

create view opportunities as
select cast(cast(md5('dynamics opportunity:' || d) as uuid) as varchar) as opportunityid, account_guid(company) as accountid, name as opportunityname, amount,
  closes as closedate, ['1-Qualify', '1-Qualify', '2-Develop', '3-Propose', '4-Close', 'Won', 'Lost'][1 + stage] as stage
from sales where company >= 5 and d % 10 >= 4;
