import { defineConfig } from "eslint/config";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import { importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

export default defineConfig(
    // An example is a program of its own; a test compiles it with the package as it is installed.
    { ignores: ["**/node_modules/", ".upstream/", "coverage/", "dist/", "examples/"] },
    {
        files: ["**/*.{ts,mts,mjs}"],
        extends: [tseslint.configs.recommendedTypeChecked],
        plugins: { "import-x": importX },
        languageOptions: {
            parserOptions: {
                projectService: { allowDefaultProject: ["*.mjs", "scripts/*.mjs"] },
                tsconfigRootDir: import.meta.dirname,
            },
        },
        settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
        rules: {
            // The walls: a package is imported by its name, and nothing imports in a circle.
            "import-x/no-relative-packages": "error",
            "import-x/no-cycle": "error",
            "import-x/no-duplicates": ["error", { "prefer-inline": true }],
            "import-x/order": [
                "error",
                {
                    groups: ["builtin", "external", "internal", "parent", "sibling", "index"],
                    pathGroups: [{ pattern: "@istio-on-pulumi/**", group: "internal" }],
                    pathGroupsExcludedImportTypes: [],
                    alphabetize: { order: "asc", caseInsensitive: true },
                    named: true,
                },
            ],
            // A file has one job.
            "max-lines": ["error", 300],
            // Prettier leaves comments alone; a text that cannot be broken may be longer.
            "max-len": [
                "error",
                { code: 120, ignoreRegExpLiterals: true, ignoreTemplateLiterals: true, ignoreStrings: true },
            ],
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
        },
    },
);
