package awstest

// Allow gives the caller other policies.
func (c *Cloud) Allow(policies ...[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Policies = policies
}

// Protect sets termination protection and the stack policy, as an administrator
// does by hand.
func (c *Cloud) Protect(name string, on bool, policy string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st, err := c.find(name)
	if err != nil {
		panic(err)
	}
	st.protected, st.policy = on, policy
}

// Guards returns termination protection and the stack policy.
func (c *Cloud) Guards(name string) (protected bool, policy string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st, err := c.find(name)
	if err != nil {
		panic(err)
	}
	return st.protected, st.policy
}
