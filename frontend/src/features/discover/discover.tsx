// What the connected systems hold, found by a word; or how far everything that was to be connected has come.
import { Choices } from "@/components/choice";
import { FieldSearch } from "@/features/discover/field-search";
import { Funnel } from "@/features/discover/funnel";

export interface DiscoverSearch {
  q?: string | undefined;
  show?: "onboarding" | undefined;
}

interface DiscoverProps {
  search: DiscoverSearch;
  onSearch: (search: DiscoverSearch, replace?: boolean) => void;
}

export function Discover({ search, onSearch }: DiscoverProps) {
  return (
    <>
      <Choices label="What is shown" all={[{ key: "fields", word: "Streams and fields" }, { key: "onboarding", word: "Onboarding" }]} chosen={search.show ?? "fields"} onChoose={(next) => onSearch(next === "onboarding" ? { show: next } : {})} />
      {search.show === "onboarding" ? <Funnel /> : <FieldSearch q={search.q ?? ""} onQ={(q) => onSearch({ q: q === "" ? undefined : q }, true)} />}
    </>
  );
}
