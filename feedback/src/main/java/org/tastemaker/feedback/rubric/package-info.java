/** Rubrics that are ready to use. Users write their own with {@link org.tastemaker.core.Rubric}. */
@NullMarked
package org.tastemaker.feedback.rubric;

import org.jspecify.annotations.NullMarked;
