// The same of @rudderstack/rudder-sdk-node, whose first event goes alone, and whose process ends of a 4xx.
const Analytics = require("@rudderstack/rudder-sdk-node");
const { KEY, HOST } = process.env;
const client = new Analytics(KEY, { dataPlaneUrl: HOST, flushInterval: 300 });
const userId = "u-1";
client.track({ userId, event: "Large Told", properties: { text: "x".repeat(70_000) } });
client.identify({ userId, traits: { plan: "pro" } });
client.group({ userId, groupId: "g-1", traits: { name: "Acme" } });
client.page({ userId, name: "Home", properties: { path: "/" } });
client.screen({ userId, name: "Start" });
client.alias({ userId, previousId: "anonymous-1" });
client.track({ userId, event: "Order Completed", properties: { n: 1 }, messageId: "mine" });
client.track({ userId, event: "Time Told", originalTimestamp: new Date(Date.now() - 3_600_000) });
client.track({ anonymousId: "anonymous-1", event: "Order Completed", properties: { n: 2 } });
client.flush((error) => console.log(error ? `ERROR ${error}` : "CLOSED"));
