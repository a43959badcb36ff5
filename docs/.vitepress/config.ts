import type { DefaultTheme, UserConfig } from "vitepress";
import { anchorOf } from "./anchors.js";
import { repositoryLinks } from "./repository-links.js";
import { SEARCH, searchText } from "./search.js";
import { sidebar } from "./sidebar.js";
import { tableLabels } from "./table-labels.js";

const config: UserConfig<DefaultTheme.Config> = {
  title: "ec2-role-credentials",
  description:
    "Credentials of the EC2 instance role for the AWS SDK for JavaScript v3: fetched from IMDSv2, cached, refreshed in the background. With a mocked IMDS for tests.",
  lang: "en",
  cacheDir: "../.tmp/vitepress",
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: "/favicon.svg" }],
    ["meta", { name: "theme-color", content: "#1864ab" }],
  ],
  // Each example is a package of its own; `project/example` makes a page of its sources.
  srcExclude: ["examples/*/**"],
  rewrites: {
    "examples/README.md": "examples/index.md",
    "project/example/:name.md": "examples/:name.md",
  },
  lastUpdated: false,
  markdown: {
    config: (md) => {
      repositoryLinks(md);
      tableLabels(md);
    },
    anchor: { slugify: anchorOf },
  },
  themeConfig: {
    logo: "/favicon.svg",
    nav: [
      {
        text: "Guide",
        link: "/get-started",
        activeMatch: "^/(?!testing|troubleshooting|faq|api/|examples/|$)",
      },
      { text: "Testing", link: "/testing", activeMatch: "^/testing" },
      { text: "Examples", link: "/examples/", activeMatch: "^/examples/" },
      { text: "Troubleshooting", link: "/troubleshooting", activeMatch: "^/(troubleshooting|faq)" },
      { text: "API", link: "/api/", activeMatch: "^/api/" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: {
      provider: "local",
      options: { miniSearch: { options: SEARCH }, _render: searchText },
    },
    footer: { message: "Apache-2.0", copyright: "© the ec2-role-credentials authors" },
  },
};

export default config;
