/* Font Awesome's script doubles the icon font that the theme's style sheet already loads. */
