// Following an invitation's link: as somebody new, with the password of an account, or at once where one is signed in as that person.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Field, INPUT } from "@/components/form";
import { Moment } from "@/components/moment";
import { States } from "@/components/panel";
import { passwordHint } from "@/features/session/hint";
import { Outside, OutsideForm } from "@/features/session/outside";
import { api, type Schemas } from "@/lib/client";
import { begun, wasSignedIn } from "@/lib/session";

const LOOK = `${INPUT} min-h-10`;
const NOTHING = { shows: "An invitation.", because: "The address holds none: it was cut short on its way. Open the whole link again." };

export function Invitation({ token, onDone }: { token: string; onDone: () => void }) {
  const [joined, setJoined] = useState(false); // the link opens nothing any more, and is not asked about again
  const asked = api.useQuery("post", "/api/v1/auth/invitation", { body: { token } }, { enabled: token !== "" && !joined, retry: false, staleTime: Infinity });
  const said = asked.data;
  return (
    <Outside title="Invitation" line={said ? `${said.tenant_name} invites ${said.email} as ${said.role}.` : "You were invited to a tenant."}>
      {token === "" ? (
        <div className="space-y-1">
          <p className="font-semibold">{NOTHING.shows}</p>
          <p className="text-muted">{NOTHING.because}</p>
        </div>
      ) : (
        <States asked={asked} what="The invitation" empty={NOTHING}>
          {(link) => <Accept link={link} token={token} onJoined={() => setJoined(true)} onDone={onDone} />}
        </States>
      )}
    </Outside>
  );
}

function Accept({ link, token, onJoined, onDone }: { link: Schemas["LinkSeen"]; token: string; onJoined: () => void; onDone: () => void }) {
  const queries = useQueryClient();
  const offered = api.useQuery("get", "/api/v1/auth/options");
  const me = api.useQuery("get", "/api/v1/me", {}, { enabled: wasSignedIn(), retry: false });
  const [draft, setDraft] = useState({ name: "", password: "" });
  const accept = api.useMutation("post", "/api/v1/auth/invitation/accept", {
    onSuccess: () => {
      onJoined();
      begun(queries);
      onDone();
    },
  });
  const signedIn = me.data?.user.email;
  const isMe = signedIn?.toLowerCase() === link.email.toLowerCase();
  const send = () => accept.mutate({ body: { token, ...(isMe ? {} : { password: draft.password, ...(link.known ? {} : { name: draft.name }) }) } });
  return (
    <OutsideForm act={`Join ${link.tenant_name}`} doing="Joining …" busy={accept.isPending} error={accept.error} what="You have not joined." onSend={send}>
      {signedIn && !isMe && <p className="text-sm text-amber">Here you are signed in as {signedIn}. Whoever joins as {link.email} is signed in instead.</p>}
      {isMe ? (
        <p>You are signed in as {link.email}, and join with one click.</p>
      ) : link.known ? (
        <p className="text-sm text-muted">There is an account of {link.email}. Its password shows that it is yours.</p>
      ) : (
        <Field label="Your name">
          <input className={LOOK} name="name" autoComplete="name" required maxLength={200} value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} />
        </Field>
      )}
      {/* For who keeps passwords in the browser: it must know whose this one is. */}
      <input type="email" name="email" autoComplete="username" readOnly value={link.email} className="hidden" />
      {!isMe && (
        <Field label={link.known ? "Password" : "A password of yours"} hint={link.known ? undefined : passwordHint(offered.data)}>
          <input className={LOOK} type="password" name="password" autoComplete={link.known ? "current-password" : "new-password"} required value={draft.password} onChange={(event) => setDraft({ ...draft, password: event.target.value })} />
        </Field>
      )}
      <p className="text-sm text-muted">
        The link ends <Moment at={link.expires_at} />.
      </p>
    </OutsideForm>
  );
}
