/** The application under test: a node that calls tasks, executes them and writes down what it did, when. */
package org.hatask.campaign.app;
