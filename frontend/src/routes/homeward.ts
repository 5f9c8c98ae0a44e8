// Where to go after signing in: a path of this app, never another site.
export const homeward = (next: string | undefined): string => (next && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/");
