/**
 * ZO-RankSGD beside the methods that its paper compares it with, on functions whose minimum is
 * known: {@link org.tastemaker.examples.zo.RankingOracleTable} makes the table.
 *
 * <p>The other methods are here and not in the library, because nobody would align a diffusion
 * model with them: each is a short class beside its paper's formulas, and all of them see the same
 * {@link org.tastemaker.examples.zo.Evaluations}.
 */
@NullMarked
package org.tastemaker.examples.zo;

import org.jspecify.annotations.NullMarked;
