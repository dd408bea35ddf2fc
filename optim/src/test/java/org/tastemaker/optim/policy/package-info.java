/** Tests of the policy. */
@org.jspecify.annotations.NullMarked
package org.tastemaker.optim.policy;
