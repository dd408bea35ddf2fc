/**
 * People as judges: pages in a browser on which someone ranks images, and a judge that asks them.
 *
 * <pre>
 * human.web       a small web server that only lets in whom it knows
 * human.desk      the questions that wait for people, and what they answered, on disk
 * human           HumanJudge and HumanOracle: the ports, answered by people
 * human.improve   one image, improved by its viewer's choices
 * human.annotate  the page on which people judge a queue of groups
 * human.review    the page on which people confirm or overrule a judge
 * </pre>
 */
@NullMarked
package org.tastemaker.human;

import org.jspecify.annotations.NullMarked;
