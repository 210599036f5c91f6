// Events as @segment/analytics-node sends them: one batch, in which one event is bad.
const { Analytics } = require("@segment/analytics-node");
const { KEY, HOST } = process.env;
const analytics = new Analytics({ writeKey: KEY, host: HOST, flushInterval: 300 });
analytics.on("error", (error) => console.log("ERROR", error.code, String(error.reason)));
const userId = "u-1";
analytics.identify({ userId, traits: { plan: "pro" } });
analytics.group({ userId, groupId: "g-1", traits: { name: "Acme" } });
analytics.page({ userId, name: "Home", properties: { path: "/" } });
analytics.screen({ userId, name: "Start" });
analytics.alias({ userId, previousId: "anonymous-1" });
analytics.track({ userId, event: "Order Completed", properties: { n: 1 }, messageId: "mine" });
analytics.track({ userId, event: "Large Told", properties: { text: "x".repeat(300_000) } });
analytics.track({ userId, event: "Time Told", timestamp: new Date(Date.now() - 3_600_000) });
analytics.track({ anonymousId: "anonymous-1", event: "Order Completed", properties: { n: 2 } });
analytics.closeAndFlush({ timeout: 60_000 }).then(() => console.log("CLOSED"));
