//go:build !race

package cloudwatch

const raced = false
