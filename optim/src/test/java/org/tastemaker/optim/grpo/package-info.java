/** Tests of GRPO. */
@org.jspecify.annotations.NullMarked
package org.tastemaker.optim.grpo;
