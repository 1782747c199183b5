package probe

// Docs is where the documentation is read by people who have no checkout: it
// stands in alarms, reports and messages. The host is a placeholder, like the
// module's path, until the project has an address; this is the one place.
const Docs = "https://github.com/streamwatch/streamwatch/blob/main/docs/"
