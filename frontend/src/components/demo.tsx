// The mark of generated data: nobody may take it for a company's own.
export const Demo = () => <span className="rounded border border-amber px-1.5 py-px text-xs font-bold whitespace-nowrap text-amber">demo data</span>;
