import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { answerQuestions } from "./conversation.js";

// Its default of a second is too short for a loaded machine.
const provider = fromInstanceMetadata({ timeout: 20_000 });
await answerQuestions(provider);
