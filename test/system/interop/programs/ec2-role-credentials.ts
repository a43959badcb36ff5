import { fromInstanceRole } from "../../../../src/index.js";
import { answerQuestions } from "./conversation.js";

const provider = fromInstanceRole();
await answerQuestions(() => provider({ forceRefresh: true }));
