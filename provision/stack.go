package provision

const ownerTag = "streamwatch:event"
