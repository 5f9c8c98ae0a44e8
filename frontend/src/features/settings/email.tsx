// An e-mail address that breaks where one would read it, before the @.
export function Email({ text }: { text: string }) {
  const at = text.lastIndexOf("@");
  if (at < 1) return <span className="break-words">{text}</span>;
  return (
    <span className="[overflow-wrap:anywhere]">
      {text.slice(0, at)}
      <wbr />
      {text.slice(at)}
    </span>
  );
}
