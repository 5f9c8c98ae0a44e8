-- How the accounts of Salesforce fare.
create view account_health as
select 1 + n as id, salesforce_account(n) as account_id, share('health', n) as health_score,
  case when share('health', n) < 20 then 'critical' when share('health', n) < 45 then 'high' when share('health', n) < 70 then 'medium' else 'low' end as risk_level,
  '{"open_tickets": ' || draw('tickets', n, 9) || ', "note": "' || pick('health note', n, ['renewal at risk', 'sponsor left', 'expanding', 'quiet']) || '"}' as details,
  moment('health', n) as last_updated
from companies where n < 108;
