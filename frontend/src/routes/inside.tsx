// What stands round every page of a signed-in person, with the palette and its key.
import { createLazyRoute } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { Frame } from "@/features/frame/frame";
import { followOtherWindows } from "@/lib/session";

const Palette = lazy(() => import("@/features/palette/palette").then((found) => ({ default: found.Palette })));

function Inside() {
  const [open, setOpen] = useState(false);
  useEffect(() => followOtherWindows(() => window.location.assign("/")), []);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen((now) => !now);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return <Frame onSearch={() => setOpen(true)} palette={open ? <Suspense><Palette open={open} onOpen={setOpen} /></Suspense> : null} />;
}

export const Route = createLazyRoute("/inside")({ component: Inside });
