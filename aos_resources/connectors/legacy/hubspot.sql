-- Deals with all that is known of them in one row; money in the customer's currency.
create view "Deals" as
select 9000000000 + d * 7 as deal_id, sales.name as deal_name, amount, case when stage >= 5 then closes end as close_date, closes as expected_close_date,
  ['appointmentscheduled', 'qualifiedtobuy', 'presentationscheduled', 'decisionmakerboughtin', 'contractsent', 'closedwon', 'closedlost'][1 + stage] as deal_stage,
  case sales.type when 'Renewal' then 'existingbusiness' else 'newbusiness' end as deal_type, cast(probability / 100 as decimal(3, 2)) as probability,
  first || ' ' || last as deal_owner, email as deal_owner_email,
  case draw('hs name', d, 6) when 0 then lower(companies.name) when 1 then upper(companies.name) || ', Inc' else companies.name end as company_name,
  70000 + companies.n as company_id, seldom('hs industry', d, 12, upper(replace(industry, ' & ', '_AND_'))) as industry,
  pick('lead', d, ['PAID_SEARCH', 'ORGANIC_SEARCH', 'REFERRALS', 'OFFLINE', 'N/A']) as lead_source, cast(opened as timestamp) + to_seconds(draw('hour', d, 86400)) as created_date,
  cast(closes as timestamp) + to_seconds(draw('touched', d, 86400)) as last_modified_date, cast(amount * 1.2 as decimal(18, 2)) as annual_contract_value,
  pick('currency', sales.company, ['USD', 'USD', 'EUR', 'GBP']) as deal_currency, ['pipeline', 'pipeline', 'bestcase', 'bestcase', 'commit', 'closed', 'omitted'][1 + stage] as forecast_category,
  seldom('step', d, 4, pick('step', d, ['Send proposal', 'Book a demo', 'Call procurement', 'NULL'])) as next_step,
  seldom('rival', d, 3, pick('rival', d, ['Vexilon', 'Murkwell', 'Vexilon; Murkwell'])) as competitors, 1 + draw('makers', d, 6) as num_decision_makers,
  'Wants to start by ' || strftime(closes, '%d %B %Y') || '.' as deal_description, pick('term', d, [12, 24, 36]) as contract_term_months,
  case when stage = 5 then closes + 365 end as renewal_date, cast(amount / 12 as decimal(18, 2)) as mrr, amount as arr
from sales join companies on companies.n = sales.company join people on p = owner where d % 3 < 2;
