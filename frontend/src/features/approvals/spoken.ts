// Which columns of a stream a change speaks of: the one it takes, or those its expression names.
interface Named {
  name: string;
}

export function spokenOf<Column extends Named>(change: Record<string, unknown>, columns: Column[]): Column[] {
  const said = [change.from, change.key].filter((one) => typeof one === "string");
  const words = new Set(typeof change.expr === "string" ? (change.expr.match(/"[^"]+"|[A-Za-z_]\w*/g) ?? []).map((word) => word.replaceAll('"', "")) : []);
  return columns.filter((column) => said.includes(column.name) || words.has(column.name));
}
