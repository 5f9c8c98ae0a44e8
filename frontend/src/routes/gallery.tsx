// The page /gallery, of the development build alone.
import { createLazyRoute } from "@tanstack/react-router";
import { Gallery } from "@/features/gallery/gallery";

export const Route = createLazyRoute("/gallery")({ component: Gallery });
