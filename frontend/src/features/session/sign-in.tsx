// Signing in: e-mail and password, and in words why it did not work.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { api } from "@/lib/client";
import { begun } from "@/lib/session";
import { troubleOf } from "@/lib/trouble";

const INPUT = "block min-h-10 w-full rounded-box border border-muted bg-surface px-3 text-base";

export function SignIn({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const login = api.useMutation("post", "/api/v1/auth/login", {
    onSuccess: () => {
      begun(queries);
      onDone();
    },
  });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    login.mutate({ body: { email, password } });
  };
  const trouble = login.error ? troubleOf(login.error) : null;
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm space-y-6">
        <div className="space-y-2 text-center">
          <img src="/favicon.svg" alt="" width="48" height="48" className="mx-auto" />
          <h1 className="text-2xl">AOS Sign in</h1>
          <p className="text-balance text-muted">Every source as one set of entities, with the origin of every cell.</p>
        </div>
        <form onSubmit={send} className="space-y-4 rounded-card border border-line bg-surface p-6">
          <label className="block space-y-1">
            <span className="text-sm font-semibold">E-mail</span>
            <input className={INPUT} type="email" name="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
          </label>
          <label className="block space-y-1">
            <span className="text-sm font-semibold">Password</span>
            <input className={INPUT} type="password" name="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
          </label>
          {trouble && (
            <p role="alert" className="text-sm text-red">
              {trouble.what} {trouble.fix}
            </p>
          )}
          <Button type="submit" kind="primary" className="min-h-10 w-full" disabled={login.isPending}>
            {login.isPending ? "Signing in …" : "Sign in"}
          </Button>
        </form>
        <p className="text-center text-sm text-muted">No account? An owner of your tenant can add you.</p>
      </div>
    </main>
  );
}
