// A change sent twice is done once: every one carries a key of its own, the same when the same click is tried again.
const CHANGES = ["POST", "PUT", "PATCH", "DELETE"] as const;
type Send = (path: string, init?: { headers?: Record<string, string> }) => unknown;

// A click hands over one object, and a retry hands over the same.
const keys = new WeakMap<object, string>();

export function keyOf(click: object): string {
  const known = keys.get(click) ?? crypto.randomUUID();
  keys.set(click, known);
  return known;
}

export function keyed<Client extends Record<(typeof CHANGES)[number], unknown>>(client: Client): Client {
  const sends = CHANGES.map((method) => {
    const send = client[method] as Send;
    const withKey: Send = (path, init) => send(path, { ...init, headers: { ...init?.headers, "Idempotency-Key": keyOf(init ?? {}) } });
    return [method, withKey] as const;
  });
  return { ...client, ...Object.fromEntries(sends) };
}
