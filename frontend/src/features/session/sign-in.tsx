// Signing in: by e-mail and password, or with the provider that this installation knows; and in words why it did not work.
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { buttonClass } from "@/components/button";
import { Field, INPUT } from "@/components/form";
import { Outside, OutsideForm } from "@/features/session/outside";
import { api } from "@/lib/client";
import { begun, forget, remember } from "@/lib/session";

export type Problem = "not_let_in" | "try_again" | "refused";

const PROBLEMS: Record<Problem, string> = {
  not_let_in: "Nobody here is known by that account. Ask an owner of a tenant for an invitation, then sign in with it.",
  try_again: "The provider did not answer. Try again in a moment.",
  refused: "The sign-in with the provider did not hold: it took too long, or was begun elsewhere. Begin again.",
};
const LOOK = `${INPUT} min-h-10`;

export function SignIn({ problem, onDone }: { problem?: Problem | undefined; onDone: () => void }) {
  const queries = useQueryClient();
  const offered = api.useQuery("get", "/api/v1/auth/options", {}, { retry: false });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const login = api.useMutation("post", "/api/v1/auth/login", {
    onSuccess: () => {
      begun(queries);
      onDone();
    },
  });
  useEffect(() => {
    if (problem) forget(); // who came back without a session is signed in no more than before
  }, [problem]);
  return (
    <Outside title="Sign in" line="Every source as one set of entities, with the origin of every cell." foot={<Otherwise signUp={offered.data?.sign_up ?? false} />}>
      {problem && !login.error && <p role="alert" className="text-sm text-red">{PROBLEMS[problem]}</p>}
      <OutsideForm act="Sign in" doing="Signing in …" busy={login.isPending} error={login.error} onSend={() => login.mutate({ body: { email, password } })}>
        <Field label="E-mail">
          <input className={LOOK} type="email" name="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
        <Field label="Password">
          <input className={LOOK} type="password" name="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        </Field>
      </OutsideForm>
      {offered.data?.oidc && (
        <a href="/api/v1/auth/oidc/start" onClick={remember} className={`${buttonClass()} min-h-10 w-full`}>
          Sign in with {offered.data.oidc}
        </a>
      )}
    </Outside>
  );
}

const Otherwise = ({ signUp }: { signUp: boolean }) => (
  <>
    {signUp ? <p>No account? <Link to="/sign-up" className="font-semibold text-blue underline">Make a tenant of your own</Link>.</p> : <p>No account? An owner of your tenant can invite you.</p>}
    <p>Password forgotten? An owner or an admin can give you a link for a new one.</p>
  </>
);
