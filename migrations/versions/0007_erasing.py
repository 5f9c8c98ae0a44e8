"""Who erases a tenant: a role of its own that may delete what belongs to an erased tenant, and nothing else of anybody."""

from alembic import op

revision = "0007"
down_revision = "0006"

# Erased, or a place that an import was given and never filled: such a slug cannot be anybody's.
GOING = "(select id from aos.tenants where erased_at is not null or slug like 'importing %')"
_QUOTED = GOING.replace("'", "''").replace("%", "%%")  # within a format string of Postgres
LEFT = "not exists (select from aos.memberships m where m.user_id = {}) and not exists (select from aos.operators o where o.user_id = {})"
OF_PEOPLE = {
    "users": LEFT.format("users.id", "users.id"),
    "sessions": f"workspace in {GOING} or ({LEFT.format('sessions.user_id', 'sessions.user_id')})",
    "tickets": "session_id in (select id from aos.sessions)",
    "password_resets": f"{{workspace}}{LEFT.format('password_resets.user_id', 'password_resets.user_id')}",
}
SEEN = {"users": "id, email", "operators": "user_id", "memberships": "tenant_id, user_id"}
# Every table with a tenant, those that come later too: said again after each migration.
COVER = f"""
create function cover_erasing() returns void language plpgsql set search_path = pg_catalog as $$
declare
    one record;
begin
    for one in
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
        where c.relnamespace = 'aos'::regnamespace and c.relkind in ('r', 'p')
        and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'erasing')
    loop
        execute format('create policy erasing on aos.%I to aos_erase using (tenant_id in {_QUOTED}) with check (false)', one.relname);
        execute format('grant select, delete on aos.%I to aos_erase', one.relname);
    end loop;
    if current_setting('server_version_num')::int >= 170000 then
        for one in select c.relname from pg_class c where c.relnamespace = 'aos'::regnamespace and c.relkind in ('r', 'p') loop
            execute format('grant maintain on aos.%I to aos_erase', one.relname);
        end loop;
    end if;
end
$$
"""
# Of an erased tenant nobody becomes a member or begins a session again.
LIVING = "not in (select id from aos.tenants where erased_at is not null)"
CHECKED = {"memberships": f"tenant_id {LIVING}", "sessions": f"workspace is null or workspace {LIVING}"}


def upgrade() -> None:
    op.execute("set local search_path = aos")
    op.execute("grant usage on schema aos to aos_erase")
    op.execute("create policy going on tenants for select to aos_erase using (erased_at is not null or slug like 'importing %')")
    op.execute("create policy unfilled on tenants for delete to aos_erase using (slug like 'importing %')")
    op.execute("grant select (id, slug, erased_at), delete on tenants to aos_erase")
    named = "select 1 from information_schema.columns where table_schema = 'aos' and table_name = 'password_resets' and column_name = 'workspace'"
    by_workspace = f"workspace in {GOING} or " if op.get_bind().exec_driver_sql(named).first() else ""
    for table, gone in OF_PEOPLE.items():
        op.execute(f"create policy erasing on {table} to aos_erase using ({gone.replace('{workspace}', by_workspace)}) with check (false)")
        op.execute(f"grant delete on {table} to aos_erase")
    op.execute("grant select on sessions, tickets, password_resets to aos_erase")
    for table, columns in SEEN.items():
        op.execute(f"create policy seen on {table} for select to aos_erase using (true)")
        op.execute(f"grant select ({columns}) on {table} to aos_erase")
    op.execute(COVER)
    op.execute("select cover_erasing()")
    for table, checked in CHECKED.items():
        op.execute(f"alter policy people on {table} using (true) with check ({checked})")


def downgrade() -> None:
    op.execute("set local search_path = aos")
    for table in CHECKED:
        op.execute(f"alter policy people on {table} using (true) with check (true)")
    op.execute("""
do $$
declare
    one record;
begin
    for one in select c.relname, p.polname from pg_policy p join pg_class c on c.oid = p.polrelid
        where c.relnamespace = 'aos'::regnamespace and p.polroles = array['aos_erase'::regrole::oid]
    loop
        execute format('drop policy %I on aos.%I', one.polname, one.relname);
    end loop;
end
$$
""")
    op.execute("drop function cover_erasing")
    op.execute("revoke all on all tables in schema aos from aos_erase")
    op.execute("revoke usage on schema aos from aos_erase")
