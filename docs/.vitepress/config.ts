import type { DefaultTheme, UserConfig } from "vitepress";
import { anchorOf } from "./anchors.js";
import { repositoryLinks } from "./repository-links.js";
import { SEARCH } from "./search.js";
import { sidebar } from "./sidebar.js";

const config: UserConfig<DefaultTheme.Config> = {
  title: "ec2-role-credentials",
  description: "Credentials of the EC2 instance role for AWS SDK v3 clients",
  lang: "en",
  cacheDir: "../.tmp/vitepress",
  // No request for an icon that is not there.
  head: [["link", { rel: "icon", href: "data:," }]],
  // The examples are packages of their own, with documents of their own.
  srcExclude: ["examples/**"],
  lastUpdated: false,
  markdown: { config: repositoryLinks, anchor: { slugify: anchorOf } },
  themeConfig: {
    nav: [
      { text: "Set-up", link: "/set-up" },
      { text: "Troubleshooting", link: "/troubleshooting" },
      { text: "API", link: "/api/", activeMatch: "^/api/" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: "local", options: { miniSearch: { options: SEARCH } } },
  },
};

export default config;
