-- How much the accounts of Salesforce use the product.
create view account_usage as
select salesforce_account(n) as account_id, draw('login', n, 60) as last_login_days, draw('sessions', n, 400) as sessions_30d, cast(2 + share('session', n) / 4 as decimal(9, 2)) as avg_session_duration,
  1 + draw('features', n, 24) as features_used, seldom('active', n, 20, 1 + draw('active users', n, 180)) as active_users
from companies where n < 112;
