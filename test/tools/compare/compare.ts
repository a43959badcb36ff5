// npm run compare: runs the AWS SDK's provider and this library's in the same situations, against the mocked IMDS, and
// prints the table of docs/comparison.md.

import "../../support/closed-network.js";
import { comparisonTable } from "./table.js";

console.log(await comparisonTable());
// A call that the SDK never ends keeps its connection.
process.exit();
