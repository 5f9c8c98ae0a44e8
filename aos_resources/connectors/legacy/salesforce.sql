-- Names with their legal form, now and then a blank too many.
create view "Account" as
select salesforce_account(n) as id, name || ' ' || form || case when draw('blank', n, 20) = 0 then ' ' else '' end as name, seldom('sf industry', n, 15, industry) as industry,
  seldom('sf revenue', n, 10, revenue) as annualrevenue, created as createddate
from companies where n < 115;

create view "Contact" as
select '003' || lpad(cast(p as varchar), 12, '0') || 'AAA' as id, salesforce_account(company) as accountid, first as firstname, last as lastname,
  seldom('sf mail', p, 30, case when draw('sf case', p, 8) = 0 then upper(email) else email end) as email, seldom('sf phone', p, 6, phone) as phone, title, created as createddate
from people where company < 115;

create view "Opportunity" as
select '006' || lpad(cast(d as varchar), 12, '0') || 'AAA' as id, salesforce_account(company) as accountid, name, amount, closes as closedate,
  ['Prospecting', 'Qualification', 'Needs Analysis', 'Proposal/Price Quote', 'Negotiation/Review', 'Closed Won', 'Closed Lost'][1 + stage] as stagename
from sales where company < 115 and d % 10 < 7;
