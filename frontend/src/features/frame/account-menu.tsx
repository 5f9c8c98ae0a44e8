// Who is signed in, light or dark, and the way out.
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { BookOpen, Check, LogOut, Monitor, Moon, Sun, User, UserCog } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { Menu, menuItem } from "@/components/menu";
import { api } from "@/lib/client";
import { ended, useMe } from "@/lib/session";
import { chooseTheme, chosenTheme, type Theme } from "@/lib/theme";

const THEMES: { key: Theme; word: string; icon: typeof Sun }[] = [
  { key: "system", word: "As the system", icon: Monitor },
  { key: "light", word: "Light", icon: Sun },
  { key: "dark", word: "Dark", icon: Moon },
];

export function AccountMenu() {
  const me = useMe();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [theme, setTheme] = useState(chosenTheme);
  const leave = api.useMutation("post", "/api/v1/auth/logout", {
    onSettled: async () => {
      await navigate({ to: "/sign-in", search: {} });
      ended(queries);
    },
  });
  const choose = (next: string) => {
    const found = THEMES.find((one) => one.key === next);
    if (!found) return;
    chooseTheme(found.key);
    setTheme(found.key);
  };
  return (
    <Menu
      trigger={
        <button type="button" aria-label="You and this screen" className="grid size-8 shrink-0 place-items-center rounded-full border border-line bg-surface text-muted hover:bg-sunken">
          <User size={16} aria-hidden />
        </button>
      }
    >
      <div className="px-3 py-2 text-sm">
        <p className="font-bold">{me.user.name}</p>
        <p className="text-muted">{me.user.email}</p>
        <p className="text-muted">
          {me.tenant ? `${me.role ?? "operator"} of ${me.tenant.name}` : "operator of this installation"}
        </p>
      </div>
      <DropdownMenu.Separator className="my-1 border-t border-line" />
      <DropdownMenu.RadioGroup value={theme} onValueChange={choose} aria-label="Theme">
        {THEMES.map(({ key, word, icon: Icon }) => (
          <DropdownMenu.RadioItem key={key} value={key} onSelect={(event) => event.preventDefault()} className={menuItem}>
            <Icon size={16} aria-hidden className="text-muted" />
            {word}
            <DropdownMenu.ItemIndicator className="ml-auto text-green">
              <Check size={16} aria-hidden />
            </DropdownMenu.ItemIndicator>
          </DropdownMenu.RadioItem>
        ))}
      </DropdownMenu.RadioGroup>
      <DropdownMenu.Separator className="my-1 border-t border-line" />
      <DropdownMenu.Item asChild className={menuItem}>
        <Link to="/settings/$section" params={{ section: "profile" }}>
          <UserCog size={16} aria-hidden className="text-muted" /> Profile and password
        </Link>
      </DropdownMenu.Item>
      <DropdownMenu.Item asChild className={menuItem}>
        <a href="/docs" target="_blank" rel="noreferrer">
          <BookOpen size={16} aria-hidden className="text-muted" /> API documentation
        </a>
      </DropdownMenu.Item>
      <DropdownMenu.Item className={menuItem} onSelect={() => leave.mutate({})}>
        <LogOut size={16} aria-hidden className="text-muted" /> Sign out
      </DropdownMenu.Item>
    </Menu>
  );
}
