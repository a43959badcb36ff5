import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { answerQuestions } from "./conversation.js";

const provider = fromNodeProviderChain({ timeout: 20_000 });
await answerQuestions(() => provider({ forceRefresh: true }));
