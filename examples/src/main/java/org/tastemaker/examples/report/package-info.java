/**
 * The report of an alignment: one HTML file that needs nothing else.
 *
 * <pre>
 *   what happened --{@link org.tastemaker.examples.report.AlignmentReport} (values, no layout)--&gt;
 *     --{@link org.tastemaker.examples.report.HtmlReport} (layout, no numbers)--&gt; report.html
 * </pre>
 *
 * <p>A report shows what was measured and how sure it is: a change comes with its interval, a
 * number that does not exist is the word "none", and a judgement that could not be had stands there
 * with its reason. Images are in the file, curves are drawn in it, and a policy in its head forbids
 * a browser to load anything.
 *
 * <p>The file is HTML and well-formed XML at once. All of it goes through {@link Markup}, which
 * escapes whatever it is given, so a prompt or a judge's words cannot become markup.
 */
@NullMarked
package org.tastemaker.examples.report;

import org.jspecify.annotations.NullMarked;
