"""The exercises of each chapter: what is asked, right answers, and mistakes."""
