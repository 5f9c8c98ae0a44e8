// Where the keyboard was before something opened over the page: the library returns to a trigger, and ours have none.
import { useState } from "react";

/** For a dialog's `onCloseAutoFocus`. */
export function useFocusBack(): (closing: Event) => void {
  const [before] = useState(() => document.activeElement);
  return (closing) => {
    closing.preventDefault();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
}
