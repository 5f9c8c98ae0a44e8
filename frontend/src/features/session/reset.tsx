// Setting a new password with the link that somebody who may gave.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { buttonClass } from "@/components/button";
import { Field, INPUT } from "@/components/form";
import { passwordHint } from "@/features/session/hint";
import { Outside, OutsideForm } from "@/features/session/outside";
import { api } from "@/lib/client";

export function Reset({ token }: { token: string }) {
  const offered = api.useQuery("get", "/api/v1/auth/options");
  const [password, setPassword] = useState("");
  const reset = api.useMutation("post", "/api/v1/auth/reset");
  return (
    <Outside title="New password" line="The link that you followed sets it, once.">
      {token === "" ? (
        <p>The address holds no token: it was cut short on its way. Open the whole link again.</p>
      ) : reset.isSuccess ? (
        <div className="space-y-3" role="status">
          <p>Your password is set. All your sessions have ended.</p>
          <Link to="/sign-in" className={buttonClass("primary")}>Sign in</Link>
        </div>
      ) : (
        <OutsideForm act="Set the password" doing="Setting …" busy={reset.isPending} error={reset.error} what="Your password stands as it was." onSend={() => reset.mutate({ body: { token, password } })}>
          <Field label="New password" hint={passwordHint(offered.data)}>
            <input className={`${INPUT} min-h-10`} type="password" name="password" autoComplete="new-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
          </Field>
        </OutsideForm>
      )}
    </Outside>
  );
}
