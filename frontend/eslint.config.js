// What is asked of every file: strict types, the rules of hooks, accessible elements, and features that stay apart.
import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const features = ["approvals", "connections", "dashboard", "data", "frame", "gallery", "operator", "palette", "runs", "session", "settings", "streams"];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api"] },
  { files: ["scripts/**", "public/**", "*.js"], extends: [js.configs.recommended], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    files: ["src/**/*.{ts,tsx}", "tests/**/*.{ts,tsx}"],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked, jsxA11y.flatConfigs.strict, reactHooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/only-throw-error": ["error", { allow: [{ from: "package", package: "@tanstack/router-core", name: "Redirect" }] }],
      // What scrolls must take the focus, or the keyboard cannot scroll it.
      "jsx-a11y/no-noninteractive-tabindex": ["error", { tags: [], roles: ["region"], allowExpressionValues: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  { files: ["src/components/**", "src/lib/**"], rules: { "no-restricted-imports": ["error", { patterns: ["@/features/*", "@/routes/*"] }] } },
  ...features.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["@/routes/*", ...features.filter((other) => other !== name).map((other) => `@/features/${other}/*`)] }],
    },
  })),
);
